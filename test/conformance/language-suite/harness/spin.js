function spin(steps) { var state = 1; for (var i = 0; i < steps; i++) state = (state * 31 + i) | 0; return state }

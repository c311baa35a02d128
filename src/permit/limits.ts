/** Numbers of the permit room. */

/**
 * Agents that one `fork` makes of one, itself among them. A fork is one message, one commit of home and one placement for
 * each: 64 are more than a cluster of today has hosts. More are made by forking again. Stops a fork that stalls its home.
 */
export const FORK_MAX = 64

//! A kernel in Rust: slices, closures, iterators and sorting of the core library, without std. README.md says how it was built.
#![no_std]
#![no_main]

use core::slice::{from_raw_parts, from_raw_parts_mut};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

static mut NEXT: usize = 0;
extern "C" {
    static __heap_base: u8;
}

#[no_mangle]
pub unsafe extern "C" fn alloc(bytes: usize) -> usize {
    if NEXT == 0 {
        NEXT = &__heap_base as *const u8 as usize;
    }
    let at = (NEXT + 15) & !15;
    let pages = (at + bytes + 65535) >> 16;
    let have = core::arch::wasm32::memory_size(0);
    if pages > have && core::arch::wasm32::memory_grow(0, pages - have) == usize::MAX {
        core::arch::wasm32::unreachable()
    }
    NEXT = at + bytes;
    at
}

/// Sorts the numbers and answers their trimmed mean: a tenth is left out at either end.
#[no_mangle]
pub unsafe extern "C" fn trimmed_mean(numbers: *mut f64, count: usize) -> f64 {
    let numbers = from_raw_parts_mut(numbers, count);
    numbers.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(core::cmp::Ordering::Equal));
    let cut = count / 10;
    let kept = &numbers[cut..count - cut];
    kept.iter().sum::<f64>() / kept.len() as f64
}

#[derive(Clone, Copy)]
enum Step {
    Add(i64),
    Rotate(u32),
    Times(u64),
}

/// Runs a little program over a state of 128 bits, half of which is answered.
#[no_mangle]
pub unsafe extern "C" fn stir(bytes: *const u8, count: usize, seed: i64) -> i64 {
    let mut state: u128 = (seed as u64 as u128) << 64 | 0x9e37_79b9_7f4a_7c15;
    for (at, &byte) in from_raw_parts(bytes, count).iter().enumerate() {
        let step = match byte % 3 {
            0 => Step::Add(byte as i64 - at as i64),
            1 => Step::Rotate(byte as u32 % 128),
            _ => Step::Times(byte as u64 | 1),
        };
        state = match step {
            Step::Add(amount) => state.wrapping_add(amount as i128 as u128),
            Step::Rotate(by) => state.rotate_left(by),
            Step::Times(by) => state.wrapping_mul(by as u128),
        };
    }
    (state >> 64) as i64
}

/// Beyond the slice: Rust's own check ends in a trap.
#[no_mangle]
pub unsafe extern "C" fn peek(numbers: *const f64, count: usize, index: usize) -> f64 {
    from_raw_parts(numbers, count)[index]
}

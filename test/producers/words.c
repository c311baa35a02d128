/* A kernel in C: its own stack, function pointers, recursion, 64-bit numbers and bulk memory. README.md says how it was built. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

extern u8 __heap_base;
static u32 next;

__attribute__((export_name("alloc"))) void *alloc(u32 bytes) {
  if (next == 0) next = (u32)&__heap_base;
  u32 at = (next + 15) & ~15u;
  u32 pages = (at + bytes + 65535) >> 16;
  u32 have = __builtin_wasm_memory_size(0);
  if (pages > have && __builtin_wasm_memory_grow(0, pages - have) == (u32)-1) __builtin_trap();
  next = at + bytes;
  return (void *)at;
}

/* FNV-1a over every prefix, mixed again: 64 bits go in and come out. */
__attribute__((export_name("hash"))) u64 hash(const u8 *bytes, u32 length, u64 seed) {
  u64 hash = seed ^ 0xcbf29ce484222325ull;
  for (u32 i = 0; i < length; i++) {
    for (u32 k = 0; k <= (i & 7); k++) hash = (hash ^ bytes[i - k < length ? i - k : i]) * 0x100000001b3ull;
    hash ^= hash >> 29;
  }
  return hash;
}

typedef int (*Order)(u32, u32);
static int ascending(u32 a, u32 b) { return a < b ? -1 : a > b; }
static int by_last_digit(u32 a, u32 b) { return a % 10 != b % 10 ? (a % 10 < b % 10 ? -1 : 1) : ascending(a, b); }
static const Order orders[] = {ascending, by_last_digit};

/* Merge sort by a function pointer, its scratch on the C stack: frames of a kilobyte, some deep. */
static void sort(u32 *numbers, u32 count, Order order) {
  u32 scratch[256];
  if (count < 2) return;
  u32 half = count / 2;
  sort(numbers, half, order);
  sort(numbers + half, count - half, order);
  for (u32 i = 0; i < half; i++) scratch[i] = numbers[i];
  u32 left = 0, right = half, to = 0;
  while (left < half && right < count)
    numbers[to++] = order(scratch[left], numbers[right]) <= 0 ? scratch[left++] : numbers[right++];
  while (left < half) numbers[to++] = scratch[left++];
}

__attribute__((export_name("sort"))) void sort_numbers(u32 *numbers, u32 count, u32 order) {
  if (count > 512 || order > 1) __builtin_trap();
  sort(numbers, count, orders[order]);
}

/* Moves blocks about with memcpy and memset, which are bulk memory instructions here. */
__attribute__((export_name("shuffle"))) u32 shuffle(u8 *bytes, u32 length, u32 rounds) {
  u8 block[512];
  if (length < 1024) __builtin_trap();
  u32 state = 12345;
  for (u32 i = 0; i < rounds; i++) {
    state = state * 1103515245 + 12345;
    u32 from = (state >> 8) % (length - 512), to = (state >> 4) % (length - 512);
    __builtin_memcpy(block, bytes + from, 512);
    __builtin_memset(bytes + from, (int)(state & 255), 32 + (state & 127));
    __builtin_memcpy(bytes + to, block, 512);
  }
  return state;
}

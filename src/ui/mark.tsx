/** The mark: two hops that make an S. The ring is where the traveller set out, the dot where it stays a while. */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="12 2 40 60" aria-hidden="true">
      <path d="M42.4 14A12 12 0 1 0 32 32A12 12 0 1 1 21.6 50" class="mark-path" />
      <circle cx="43" cy="14.5" r="4.8" class="mark-ring" />
      <circle cx="32" cy="32" r="6.6" class="mark-dot" />
    </svg>
  )
}

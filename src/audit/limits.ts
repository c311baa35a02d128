/** Numbers of the audit room: what each bounds, why this value, and the attack it stops. */

/**
 * Hops of an agent whose evidence its home keeps, some 2 KB each; the first of more go. A list without the first hops is
 * believed only when it has so many: a shorter one has been cut.
 */
export const ITINERARY_MAX = 1_000

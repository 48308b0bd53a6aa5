/** IEEE 754 binary16, since Node 20 and 22 have no Float16Array. */

const bits = new Uint32Array(1)
const single = new Float32Array(bits.buffer)

/** Bits of the half-precision number nearest to `value`, ties to even; beyond 65504 becomes infinity. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  // Rounded from the double directly: going through float32 would round twice.
  const magnitude = Math.abs(value)
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  if (magnitude >= 65520) return sign | 0x7c00
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24)
  const exponent = exponentOf(magnitude)
  const mantissa = roundToEven((magnitude / 2 ** exponent - 1) * 1024)
  // A mantissa that rounds up to 1024 carries into the exponent, which the addition does by itself.
  return sign | (((exponent + 15) << 10) + mantissa)
}

/** The number that half-precision `half` bits stand for. */
export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const mantissa = half & 0x3ff
  if (exponent === 0) return sign * mantissa * 2 ** -24
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15)
}

/** Exponent of a number in `[2^-14, 65520)`, exactly; its float32 has the same unless it rounds up to a power of two. */
function exponentOf(magnitude: number): number {
  single[0] = magnitude
  const exponent = (((bits[0] ?? 0) >>> 23) & 0xff) - 127
  return 2 ** exponent > magnitude ? exponent - 1 : exponent
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1
  return floor
}

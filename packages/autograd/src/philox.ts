/** The generator behind all random numbers, which the kernels have. */
export { permute, philox } from '@tapegrad/kernels'

/** A small WebAssembly assembler. */
export {}

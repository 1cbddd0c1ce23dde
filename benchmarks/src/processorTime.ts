/** Time as the processor counts it, which other programs on the machine hardly disturb. */

/** The milliseconds that all threads of this process, garbage collection's too, have computed so far. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

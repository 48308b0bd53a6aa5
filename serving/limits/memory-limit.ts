import { totalmem } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes that this process may use: the limit of its cgroup (v1 or v2), else the memory of the machine. */
export function memoryLimit(): number {
  const machine = totalmem()
  // 0, or a number beyond any memory, where nothing constrains it.
  const constrained = process.constrainedMemory()
  return constrained > 0 && constrained < machine ? constrained : machine
}

let collect: (() => void) | undefined

/**
 * Runs a full garbage collection. V8 takes the whole limit of a cgroup for its heap and lets garbage pile up until the kernel ends
 * the process: after large requests it has to be told.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}

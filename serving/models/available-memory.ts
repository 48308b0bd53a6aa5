import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'

/**
 * Bytes that this process and its children may still take: what the control group (version 2, else 1) leaves, caches of files not
 * counted since the kernel gives them up, or what the machine has free where that is less.
 */
export function availableMemory(): number {
  const groups = [
    { folder: '/sys/fs/cgroup', limit: 'memory.max', used: 'memory.current', file: ['inactive_file', 'active_file'] },
    {
      folder: '/sys/fs/cgroup/memory',
      limit: 'memory.limit_in_bytes',
      used: 'memory.usage_in_bytes',
      file: ['total_inactive_file', 'total_active_file'],
    },
  ]
  for (const { folder, limit, used, file } of groups) {
    const [most, current] = [limit, used].map((name) => Number(read(`${folder}/${name}`) ?? Number.NaN)) as [
      number,
      number,
    ]
    // "max" is no number: no limit.
    if (Number.isNaN(most) || Number.isNaN(current)) continue
    const statistics = read(`${folder}/memory.stat`) ?? ''
    const cached = file.reduce((sum, name) => {
      return sum + Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(statistics)?.[1] ?? 0)
    }, 0)
    return Math.max(0, Math.min(most - current + cached, freemem()))
  }
  return freemem()
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

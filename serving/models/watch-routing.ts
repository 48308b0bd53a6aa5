import type { BootConfiguration } from '../contract/index.ts'
import type { Log } from './log.ts'
import type { ModelRegistry } from './model-registry.ts'
import { parseRoutingConfiguration } from './read-configuration.ts'
import { type FileWatch, watchFile } from './watch-file.ts'

/**
 * Keeps the registry at what the routing file says. A file that is broken, or that has gone, is logged and changes nothing:
 * the last good routing stays in force until a good one comes.
 */
export function watchRouting(path: string, boot: BootConfiguration, registry: ModelRegistry, log: Log): FileWatch {
  let applied = false
  return watchFile(path, async (text) => {
    if (text === undefined) {
      if (applied) log.warn({ file: path }, 'the routing configuration has gone; the last one stays in force')
      else log.info({ file: path }, 'no routing configuration: stable versions only')
      return
    }
    try {
      const routing = parseRoutingConfiguration(path, text, boot)
      applied = true
      log.info({ file: path }, 'routing configuration read')
      // Not awaited: a later change must be read while this one's artifacts are still on their way.
      void registry.applyRouting(routing)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.error({ file: path, reason }, 'the routing configuration is wrong; the last good one stays in force')
    }
  })
}

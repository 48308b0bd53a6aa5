import type { PartialFile } from './partial-file.ts'

/** What a download needs of a logger; pino's fits. */
export interface DownloadLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

export const SILENT: DownloadLog = { info() {}, warn() {} }

interface Reported {
  /** Without secrets. */
  address: string
  /** Bytes of the whole file. */
  size: number
}

/** Tells the log how far a download is: first after `progressMs`, then after twice that time, and so on. A quick one says nothing. */
export function reportProgress(
  { address, size }: Reported,
  partial: PartialFile,
  { log, timing: { progressMs } }: { log: DownloadLog; timing: { progressMs: number } },
): { done(): void; stop(): void } {
  const started = performance.now()
  const resumedFrom = partial.size
  let wait = progressMs
  let timer: NodeJS.Timeout
  let told = false

  const details = () => {
    const seconds = (performance.now() - started) / 1000
    return {
      address,
      bytes: partial.size,
      size,
      percent: size === 0 ? 100 : Math.floor((100 * partial.size) / size),
      seconds: Math.round(seconds * 10) / 10,
      bytesPerSecond: Math.max(0, Math.round((partial.size - resumedFrom) / seconds)),
    }
  }
  const tell = () => {
    told = true
    log.info(details(), 'downloading')
    wait *= 2
    arm()
  }
  const arm = () => {
    timer = setTimeout(tell, wait)
    timer.unref()
  }
  arm()
  if (resumedFrom > 0) log.info({ address, bytes: resumedFrom, size }, 'download goes on where it was cut')

  return {
    done() {
      if (told) log.info(details(), 'downloaded')
    },
    stop: () => clearTimeout(timer),
  }
}

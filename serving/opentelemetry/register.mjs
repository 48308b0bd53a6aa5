/**
 * The OpenTelemetry layer: `node --import <this file> lib/main.js`. It listens to `diagnostics_channel` and needs nothing of the
 * server's code; the server pays only where somebody listens. The SDK reads the standard `OTEL_*` variables.
 */
import { isMainThread } from 'node:worker_threads'

// A model's thread answers no request, and a layer that is switched off costs nothing.
if (isMainThread && process.env.OTEL_SDK_DISABLED !== 'true') await import('./start.mjs')

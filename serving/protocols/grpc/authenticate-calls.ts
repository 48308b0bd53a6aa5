import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js'
import type { Monitoring } from '../../monitoring/index.ts'
import type { Authenticator } from '../../security/index.ts'
import { unauthenticated } from '../http-problem.ts'
import { statusOf } from './status.ts'

/** Calls that tell health: a kubelet can send no key, so the standard service is always open. */
const HEALTH = /^\/grpc\.health\.v1\.Health\//
const PROBES = /^\/inference\.GRPCInferenceService\/Server(Live|Ready)$/

const clients = new WeakMap<Metadata, string>()

/** The client whose key came with this metadata; undefined where none is needed. */
export function clientOf(metadata: Metadata): string | undefined {
  return clients.get(metadata)
}

/** Ends a call without a valid key as UNAUTHENTICATED before its message is read. */
export function authenticateCalls(authenticator: Authenticator, monitoring: Monitoring): ServerInterceptor {
  return ({ path }, call) => {
    if (HEALTH.test(path) || (PROBES.test(path) && !authenticator.protects('probes'))) {
      return new ServerInterceptingCall(call)
    }
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const [authorization, apiKey] = ['authorization', 'x-api-key'].map((name) => metadata.get(name)[0]?.toString())
        const client = authenticator.clientOf({ authorization, 'x-api-key': apiKey })
        if (client !== undefined) {
          clients.set(metadata, client)
          next(metadata)
          return
        }
        monitoring.unauthenticated()
        call.sendStatus(statusOf(unauthenticated()))
      })
      .build()
    const responder = new ResponderBuilder().withStart((next) => next(listener)).build()
    return new ServerInterceptingCall(call, responder)
  }
}

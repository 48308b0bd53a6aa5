/** What probes and answers depend on besides the models. */
export interface ServerState {
  /** Set when the server is about to stop: it is unready, and answers tell clients to use another connection. */
  draining: boolean
}

/** What an environment asks of the servers of its models. */
export interface ServerSwitches {
  /** Secret with the keys that callers must show: each of its files has keys, one a line. Default: everybody who reaches a model may ask. */
  apiKeys?: string
  /** Secret of the type `kubernetes.io/tls` with the certificate of the models' port. Probes and metrics get a port of their own. Default: plain HTTP. */
  tls?: string
  /** Probes and metrics have a port of their own. Default: only where there is TLS. */
  managementPort?: boolean
  /** The Open Inference Protocol over gRPC too, at port 8081. Default false. */
  grpc?: boolean
  /** Share of requests with a log line of their own, 0 to 1. Default: none. */
  accessLog?: number
  /** Seconds that the kubelet waits before it tells the server to stop; needs Kubernetes 1.30. Default: the server's own drain. */
  preStopSleepSeconds?: number
}

import type { ModelInterface, Redaction } from './interface.ts'

/** Version of both configuration documents. The server refuses any other. */
export const CONFIGURATION_API_VERSION = 'modelyard.dev/v1'

/** One file of a version's bundle, by content. */
export interface ContentReference {
  /**
   * Where to fetch it when the cache does not hold the digest: `file:///...`, `https://...`, `s3://<bucket>/<key>`,
   * `oci://<registry>/<repository>@sha256:<digest>` or `mlflow-artifacts:/<path>`.
   */
  address: string
  /** 64 lower-case hexadecimal digits. */
  sha256: string
  /** Bytes. */
  size: number
}

/** A file that the ONNX graph names as external data, kept beside the model file under `path`. */
export interface ExternalDataReference extends ContentReference {
  path: string
}

export interface Batching {
  /** Rows in one call of the model at most; 1 switches batching off. */
  maxSize: number
  /** Milliseconds that the first row of a batch waits for others; 0 flushes on the next turn of the event loop. */
  maxDelayMs: number
}

/** Bounds on what waits for one version; what is absent has the server's default. */
export interface QueueBounds {
  /** Requests that wait at most (1024). */
  requests?: number
  /** Rows of all waiting requests together (100,000). */
  rows?: number
  /** Milliseconds that a request may have to wait, judged by the recent pace when it comes (1,000). */
  maxWaitMs?: number
  /** Milliseconds after which a request that has not run is dropped (10,000); a caller may ask for less. */
  timeoutMs?: number
}

/** What of a version's predictions is logged, and where to; what is absent is as `ServerSettings.predictionLog` says. */
export interface PredictionLogChoice {
  /**
   * `file:///<path>`, `file:///<folder>/` for a file named after the host, or the `http(s)` address that batches are sent to.
   * Without one, here or at the server, nothing is logged.
   */
  sink?: string
  /**
   * `json`: a JSON document a line. `cloudevents`: CloudEvents 1.0, to an address one in each request (structured mode), to a
   * file one a line. `cloudevents-batch`: to an address many in each request. Default `json`.
   */
  format?: 'json' | 'cloudevents' | 'cloudevents-batch'
  /** Share of requests, 0 to 1, chosen by a hash of the request id: the same in every pod and version. Default 1. */
  sampleRate?: number
  /** By name of a feature, or of an input without named features. What the interface says (`sensitive`) cannot be weakened. */
  redact?: Record<string, Redaction>
}

/** The prediction log of a process. */
export interface PredictionLogSettings extends PredictionLogChoice {
  /** Mounted secret that keys the hashes; without one, features that are to be hashed are left out. */
  saltFile?: string
  /** Mounted bearer token for the sink's address, read at each attempt. */
  tokenFile?: string
  /** An event is cut to fewer rows, and says so, rather than being longer, bytes (65,536). */
  maxEventBytes?: number
  /** What may wait for a sink; beyond that events are dropped and counted, bytes (8 MiB). */
  bufferBytes?: number
  /** A batch is written when it has so many bytes (262,144) ... */
  batchBytes?: number
  /** ... or after so many milliseconds (1,000). */
  flushMs?: number
  /** A file is rotated before it grows beyond `maxBytes` (64 MiB); `count` files are kept at most, the current one included (4). */
  files?: { maxBytes?: number; count?: number }
}

/** What people want to know of a version and the server does not need: its page shows it. */
export interface VersionCard {
  /** The team that answers for the model. */
  owner?: string
  description?: string
  /** As measured when the version was registered. */
  metrics?: Record<string, number>
  /** Run, data sets, code, who and when; nested names joined by dots. */
  lineage?: Record<string, string>
}

export interface ServedVersion {
  /** Semantic version, `1.5.0`: what the Open Inference Protocol calls the model version. */
  name: string
  /** Sealed release, `1.5.0-8f3c2a9d`; absent in an environment that follows `model.ts`. */
  release?: string
  artifact: ContentReference & { externalData: ExternalDataReference[] }
  goldenSamples?: ContentReference
  baseline?: ContentReference
  interface: ModelInterface
  batching: Batching
  /** Refuse, rather than count, unknown fields, out-of-range numbers and unseen categories. */
  strict: boolean
  /** Absent: the server's. */
  queue?: QueueBounds
  predictionLog?: PredictionLogChoice
  card?: VersionCard
}

export interface Candidate {
  version: string
  /** `canary`: share of requests; `ab`: sticky share by a salted hash of `header`; `shadow`: mirrored share, never answered from. */
  mode: 'canary' | 'ab' | 'shadow'
  /** Percent, 0 to 100. */
  weight: number
  /** For `ab`: the request header whose value is hashed; `x-request-id` when neither this nor `feature` is given. */
  header?: string
  /** For `ab`, instead of a header: the named feature whose value is hashed, whatever the protocol; of several rows the first decides. */
  feature?: string
  /** For `ab`: what the hash is salted with. Model and candidate when absent, so that each test picks callers of its own. */
  salt?: string
  /**
   * Another server of the Open Inference Protocol V2 answers for `version`: `https://<host>[/<prefix>]` of one that has the
   * model and the version under these names, or the whole address of the model or of one version,
   * `https://<host>/v2/models/<name>[/versions/<version>]`. Absent: the version runs in this process.
   */
  address?: string
}

/** The stable half of one model: part of the boot configuration, so a change of it is a rolling update. */
export interface BootModel {
  name: string
  /** `name` of the version that answers. */
  stable: string
  versions: ServedVersion[]
  slo: { latencyP99Ms: number }
}

/** The moving half of one model: candidates and weights; a change of it restarts nothing. */
export interface RoutedModel {
  name: string
  versions: ServedVersion[]
  candidate: Candidate | null
}

/** Who may ask. Without it everybody who reaches the port may. */
export interface AuthenticationSettings {
  /**
   * Mounted secret: a file, or a directory of files. A line is a key of at least 16 characters, or `<client>:<key>`; without
   * that name the client is called as the file is. Read again whenever it changes.
   */
  keys: string
  /** What else needs a key; without it probes and metrics are open. */
  protect?: ('probes' | 'metrics')[]
}

/** PEM files of a mounted secret, read again whenever they change. */
export interface TlsSettings {
  /** The certificate, followed by its intermediates. */
  certificateFile: string
  keyFile: string
  /** With it a caller must show a certificate that one of these authorities has signed. */
  clientCertificateAuthorityFile?: string
}

export interface ServerSettings {
  port: number
  /** Where the Open Inference Protocol is answered over gRPC; absent: off, and not loaded. */
  grpcPort?: number
  /** Where probes and metrics are answered, over plain HTTP and only there; absent: on `port`. */
  managementPort?: number
  authentication?: AuthenticationSettings
  /** For `port` and `grpcPort`; absent: plain HTTP. */
  tls?: TlsSettings
  /** Share of requests that get a log line of their own, 0 to 1; absent: none, only failures are logged. */
  accessLog?: number
  /** Threads for one inference call: the container's CPU limit, rounded up. */
  threads: number
  /** Largest request body, bytes. */
  bodyLimit: number
  /** ONNX Runtime's execution providers in order of preference; `['cpu']` when absent. */
  executionProviders?: string[]
  /** Open connections of HTTP and gRPC together (8,192, or what an eighth of the memory limit allows); beyond that only probes are answered. */
  maxConnections?: number
  /** How long a request may take to arrive; one that is not whole by then is answered 408 and its connection closed. */
  receive?: {
    /** Its headers, counted from the connection's start or the answer before (10). */
    headersSeconds?: number
    /** Headers and body (60). */
    requestSeconds?: number
    /** How long a gRPC connection may be open without a call (120). */
    idleSeconds?: number
  }
  /** For every version that has no bounds of its own. */
  queue?: QueueBounds
  /** Absent: off, unless a version names a sink of its own. */
  predictionLog?: PredictionLogSettings
  drain: {
    /** Seconds between turning unready and refusing connections, so that endpoints are updated first. */
    delaySeconds: number
    /** Seconds that requests in flight have after that. */
    timeoutSeconds: number
  }
  artifacts?: {
    /** PEM file with certificate authorities that stores and proxies may be signed by, beside the public ones. */
    certificateAuthorityFile?: string
  }
}

/** `boot.json`, in an immutable ConfigMap named by its content hash. */
export interface BootConfiguration {
  apiVersion: typeof CONFIGURATION_API_VERSION
  server: ServerSettings
  models: BootModel[]
}

/** `routing.json`, in a ConfigMap with a stable name, mounted as a directory and watched. */
export interface RoutingConfiguration {
  apiVersion: typeof CONFIGURATION_API_VERSION
  models: RoutedModel[]
}

/** Prometheus metrics of the server. The generator's rules and dashboards query these names and no others. */
export const METRICS = {
  /** counter {model, version, route, code} */
  requests: 'modelyard_requests_total',
  /** histogram, seconds {model, version, route} */
  requestDuration: 'modelyard_request_duration_seconds',
  /** histogram, seconds {model, version}: time between admission and the model call */
  queueDuration: 'modelyard_queue_duration_seconds',
  /** histogram, seconds {model, version}: time of one model call */
  modelDuration: 'modelyard_model_duration_seconds',
  /** histogram, rows {model, version} */
  batchRows: 'modelyard_batch_rows',
  /** gauge {model, version} */
  inFlight: 'modelyard_requests_in_flight',
  /** counter {model, version, reason: queue_full|wait_too_long|deadline|client_gone}: requests that never ran */
  rejected: 'modelyard_requests_rejected_total',
  /** counter: requests, of any route or protocol, that came without a valid key where one is needed */
  unauthenticated: 'modelyard_requests_unauthenticated_total',
  /** gauge {model, version}: requests that wait for a model call */
  queueDepth: 'modelyard_queue_depth',
  /** counter {model, version}: threads that ended and were started again */
  threadRestarts: 'modelyard_thread_restarts_total',
  /** counter {model, version, feature, kind: unknown|out_of_range|unseen_category|missing} */
  featureAnomalies: 'modelyard_feature_anomalies_total',
  /** counter {model, version, feature, bin}: values of a feature by bin of the version's baseline, or _below, _above, _unseen, _missing */
  featureBins: 'modelyard_feature_bin_total',
  /** gauge {model, version, feature, bin}: share of the training data, 0 to 1; the same bins */
  featureBaselineShare: 'modelyard_feature_baseline_share',
  /** counter {model, version, output, bin}; a column of an output with labels is `output.label` */
  outputBins: 'modelyard_output_bin_total',
  /** gauge {model, version, output, bin} */
  outputBaselineShare: 'modelyard_output_baseline_share',
  /** counter {model, version, output}: sum of each row's top probability; divided by the rows it is the mean confidence */
  confidenceSum: 'modelyard_output_confidence_sum_total',
  /** counter {model, version, output} */
  confidenceRows: 'modelyard_output_confidence_rows_total',
  /** gauge {model, version}: features and outputs of the baseline that are not counted: over the budget of series, or unreadable */
  driftLeftOut: 'modelyard_drift_left_out',
  /** counter {model, version, agreed: true|false} */
  shadowComparisons: 'modelyard_shadow_comparisons_total',
  /** counter {outcome: written|buffer_full|refused|abandoned|failed}: predictions and truths for the prediction log, by what became of them */
  predictionLogEvents: 'modelyard_prediction_log_events_total',
  /** counter {model, version}: predictions logged with fewer rows than the request had */
  predictionLogTruncated: 'modelyard_prediction_log_truncated_total',
  /** counter: attempts to write to a sink that failed and were repeated */
  predictionLogRetries: 'modelyard_prediction_log_retries_total',
  /** gauge, bytes: what waits for the sinks */
  predictionLogBuffer: 'modelyard_prediction_log_buffer_bytes',
  /** counter {model, version, reason}: requests of a candidate that the stable version answered, since the candidate gave no answer */
  candidateFallbacks: 'modelyard_candidate_fallbacks_total',
  /** counter {model, version, reason}: requests that were to be mirrored and could not be compared */
  shadowSkipped: 'modelyard_shadow_skipped_total',
  /** gauge, 1 {model, version, release, sha256}: versions that the configuration asks for; sha256 is empty for one elsewhere */
  versionWanted: 'modelyard_version_wanted',
  /** gauge, 1 {model, version, release, sha256}: versions that answer */
  versionLoaded: 'modelyard_version_loaded',
} as const

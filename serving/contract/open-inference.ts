import type { Datatype } from './interface.ts'

/** Names of the Open Inference Protocol V2 ("Tensor Data Types" in its REST specification). */
export const PROTOCOL_DATATYPES: Record<Datatype, string> = {
  float32: 'FP32',
  float64: 'FP64',
  float16: 'FP16',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
}

/** Length of the JSON part of a body, bytes; the raw bytes of tensors follow it. In requests and in answers. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length'

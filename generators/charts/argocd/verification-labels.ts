/** Labels of the pod that looks, after a sync, whether a model's pods have loaded what Git says. */
export function verificationLabels(model: string): Record<string, string> {
  return { 'app.kubernetes.io/name': `${model}-verification`, 'app.kubernetes.io/component': 'verification' }
}

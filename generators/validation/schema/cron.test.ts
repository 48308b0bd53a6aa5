import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkSchema } from './index.ts'

const test = suite('schedules, time zones and fields of a pod')

const POD = { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] }

function wrong(spec: object): string[] {
  const jobTemplate = { spec: { template: { spec: POD } } }
  const job = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'a' } }
  const value = { ...job, spec: { schedule: '@daily', jobTemplate, ...spec } }
  return checkSchema([{ file: 'x.yaml', value, lineOf: () => 1 }]).map(
    ({ message }) => message.split(' is not ')[0] ?? '',
  )
}

test('a schedule is what CronJobs take', () => {
  const good = [
    ...['* * * * *', '*/5 0-23/2 1,15 * ?', '30 4 * * mon-FRI', '0 0 1 jan,Jul *', '5/15 * * * *', '0 0 31 2 *'],
    ...['@daily', '@every 1h30m', '@every 1.5h', '  0  0 * * 0 ', '1,,2 * * * *'],
  ]
  for (const schedule of good) assert.equal(wrong({ schedule }), [], schedule)
  const bad = [
    ...['', 'a', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *', '* * * * 7'],
    ...['*/0 * * * *', '5-1 * * * *', '1-2-3 * * * *', '1/2/3 * * * *', '-1 * * * *', 'jan * * * *', '0 0 L * *'],
    ...['@midday', '@every', '@every 1', 'TZ=UTC 0 0 * * *', 'CRON_TZ=UTC @daily'],
  ]
  for (const schedule of bad) assert.equal(wrong({ schedule }), [`spec.schedule: ${JSON.stringify(schedule)}`])
})

test('a time zone is one of the database', () => {
  for (const timeZone of ['Europe/Berlin', 'Etc/UTC', 'UTC', 'America/Argentina/Buenos_Aires']) {
    assert.equal(wrong({ timeZone }), [], timeZone)
  }
  for (const timeZone of ['', 'Local', 'Europe/Berln', '+01:00', '../UTC']) {
    assert.equal(wrong({ timeZone }), [`spec.timeZone: ${JSON.stringify(timeZone)}`])
  }
})

test('a pod reads fields of itself that it has', () => {
  const reads = (fieldPath: string) => {
    const env = [{ name: 'A', valueFrom: { fieldRef: { fieldPath } } }]
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'a', image: 'b', env }] },
    }
    return checkSchema([{ file: 'x.yaml', value: pod, lineOf: () => 1 }]).length
  }
  for (const path of ['metadata.name', "metadata.labels['app.kubernetes.io/name']", 'status.podIPs'])
    assert.is(reads(path), 0)
  for (const path of ['metadata.nam', 'status.phase', 'metadata.labels[app]', '']) assert.is(reads(path), 1)
})

test.run()

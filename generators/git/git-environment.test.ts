import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { gitEnvironment, tokenFrom } from './git-environment.ts'
import { redact } from './redact.ts'

const configOf = (environment: Record<string, string>) =>
  Array.from({ length: Number(environment['GIT_CONFIG_COUNT']) }, (_, index) => [
    environment[`GIT_CONFIG_KEY_${index}`],
    environment[`GIT_CONFIG_VALUE_${index}`],
  ])

test('the token goes to the hosts of its forge only', () => {
  const environment = gitEnvironment({ GITHUB_TOKEN: 'secret-token', GITHUB_API_URL: 'https://ghe.example.com/api/v3' })
  const headers = configOf(environment).filter(([key]) => key?.startsWith('http.'))
  const basic = `Authorization: Basic ${Buffer.from('x-access-token:secret-token').toString('base64')}`
  assert.equal(headers, [
    ['http.https://github.com/.extraHeader', ''],
    ['http.https://github.com/.extraHeader', basic],
    ['http.https://ghe.example.com/.extraHeader', ''],
    ['http.https://ghe.example.com/.extraHeader', basic],
  ])
})

test('without a token no header is set', () => {
  assert.equal(configOf(gitEnvironment({ PATH: '/bin' })), [['core.hooksPath', '/dev/null']])
})

test("the caller's configuration by environment is kept", () => {
  const given = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' }
  assert.equal(configOf(gitEnvironment(given))[0], ['safe.directory', '*'])
})

test('an empty GITHUB_TOKEN does not hide GH_TOKEN, and white space around it does not count', () => {
  assert.is(tokenFrom({ GITHUB_TOKEN: '', GH_TOKEN: 'abc\n' }), 'abc')
  assert.is(tokenFrom({}), undefined)
})

test('credentials are removed from addresses and messages', () => {
  assert.is(redact('fatal: https://ada:pa55@example.com/x.git', {}), 'fatal: https://example.com/x.git')
  assert.is(redact('https://ghp_abc@example.com/x', {}), 'https://example.com/x')
  assert.is(redact('ssh://git:pw@example.com/x git@example.com:a/b', {}), 'ssh://git@example.com/x git@example.com:a/b')
  assert.is(redact('header Authorization: Basic abc=', {}), 'header Authorization: Basic ***')
  assert.is(redact('it was 0123456789ab.', { GH_TOKEN: '0123456789ab' }), 'it was ***.')
})

test.run()

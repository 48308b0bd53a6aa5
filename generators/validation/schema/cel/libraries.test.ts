import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { brokenRules } from '../cel.ts'

const test = suite("Kubernetes' libraries in CEL")

/** What comes of a rule: 9,350 such expressions were compared with k8s.io/apiserver v0.36.3. */
function verdict(rule: string, self: object = {}): 'kept' | 'broken' | 'unchecked' {
  const [found] = brokenRules(self, { type: 'object', 'x-kubernetes-validations': [{ rule }] }, {})
  return found === undefined ? 'kept' : found.reason === undefined ? 'broken' : 'unchecked'
}

/** Rules that hold, and rules that do not: false, or of something that the function refuses. */
function holds(...rules: string[]): void {
  for (const rule of rules) assert.is(verdict(rule), 'kept', rule)
}
function breaks(...rules: string[]): void {
  for (const rule of rules) assert.is(verdict(rule), 'broken', rule)
}

test('fields of the object are arguments, and receivers', () => {
  const self = { limit: '1500m', request: '1.5', url: 'https://example.com', steps: [{ weight: 20 }, { weight: 80 }] }
  const rules = [
    'quantity(self.limit).compareTo(quantity(self.request)) == 0',
    'isURL(self.url) && url(self.url).getScheme() == "https"',
    'self.steps.map(s, s.weight).sum() == 100 && self.steps.map(s, s.weight).isSorted()',
    'self.url.find("[a-z]+") == "https"',
    'self.?other.optMap(o, quantity(o).isInteger()).orValue(true)',
  ]
  for (const rule of rules) assert.is(verdict(rule, self), 'kept', rule)
  assert.is(verdict('quantity(self.url).isInteger()', self), 'broken')
  assert.is(verdict('quantity(self.other).isInteger()', self), 'broken')
  assert.is(verdict('isQuantity(self.url) ? quantity(self.url).isInteger() : true', self), 'kept')
})

test('a function that is not here leaves the rule unchecked', () => {
  assert.is(verdict('"%s".format(["a"]) == "a"'), 'unchecked')
  assert.is(verdict('[1, 2].all(i, v, i < v)'), 'unchecked')
  assert.is(verdict('lists.range(1000000000).size() > 0'), 'unchecked')
})

test('isQuantity and quantity read what Kubernetes reads', () => {
  holds('isQuantity("1.5Gi")', 'isQuantity("1e3")', 'isQuantity("100m")', 'quantity("0.2G") == quantity("200M")')
  breaks(
    'isQuantity("200K")',
    'isQuantity("1,3G")',
    'isQuantity("")',
    'isQuantity("1 k")',
    'quantity("Three").isInteger()',
  )
})

test('quantities are added and compared exactly', () => {
  holds(
    'quantity("50k").add(quantity("20k")) == quantity("70k")',
    'quantity("50k").add(20).sub(quantity("100k")).sub(-50000) == quantity("20")',
    'quantity("0.1").add(quantity("0.2")) == quantity("0.3")',
    'quantity("9223372036854775807").add(1).isGreaterThan(quantity("9223372036854775807"))',
    'quantity("50Mi").compareTo(quantity("50M")) == 1',
    'quantity("50M").isLessThan(quantity("100M"))',
    'sign(quantity("-1")) == -1',
  )
  breaks(
    'quantity("1Gi") == quantity("1G")',
    'quantity("1").isLessThan(quantity("1000m"))',
    'quantity("1").isGreaterThan(quantity("1"))',
    'quantity("1").add(quantity("x")) == quantity("1")',
    'quantity("1").sub(quantity("x")) == quantity("1")',
  )
})

test('isInteger, asInteger and asApproximateFloat convert quantities', () => {
  holds(
    'quantity("50k").asInteger() == 50000',
    'quantity("50000000G").isInteger()',
    'quantity("1.5").asApproximateFloat() == 1.5',
  )
  breaks(
    'quantity("1500m").isInteger()',
    'quantity("1000m").asInteger() == 1',
    'quantity("99999999999999999999").asInteger() > 0',
  )
})

test('isIP and ip take addresses of both families, without zones and without IPv4 in IPv6', () => {
  holds(
    'isIP("127.0.0.1")',
    'isIP("::1")',
    'ip("::1").family() == 6',
    'ip("1.2.3.4").family() == 4',
    'ip("::1") == ip("0::1")',
  )
  breaks(
    'isIP("127.0.0.256")',
    'isIP("fe80::1%eth0")',
    'isIP("::ffff:1.2.3.4")',
    'isIP("01.2.3.4")',
    'ip(":::1").family() == 6',
  )
})

test('ip.isCanonical knows the one form, and string writes it', () => {
  holds('ip.isCanonical("2001:db8::abcd")', 'string(ip("2001:DB8:0:0:1:0:0:1")) == "2001:db8::1:0:0:1"')
  breaks('ip.isCanonical("2001:DB8::ABCD")', 'ip.isCanonical("2001:db8::0:0:0:abcd")', 'ip.isCanonical("x")')
})

test('an address says what it is for', () => {
  holds(
    'ip("::").isUnspecified()',
    'ip("127.1.2.3").isLoopback()',
    'ip("ff02::1").isLinkLocalMulticast()',
    'ip("169.254.169.254").isLinkLocalUnicast()',
    'ip("2001:db8::1").isGlobalUnicast()',
  )
  breaks(
    'ip("127.0.0.1").isUnspecified()',
    'ip("192.168.0.1").isLoopback()',
    'ip("224.0.1.1").isLinkLocalMulticast()',
    'ip("fd80::1").isLinkLocalUnicast()',
    'ip("255.255.255.255").isGlobalUnicast()',
  )
})

test('isCIDR and cidr read blocks, which contain addresses and blocks', () => {
  holds(
    'isCIDR("192.168.0.1/16")',
    'cidr("::1/128").prefixLength() == 128',
    'cidr("192.168.0.1/24").masked() == cidr("192.168.0.0/24")',
    'string(cidr("192.168.0.1/24").ip()) == "192.168.0.1" && string(cidr("::/0")) == "::/0"',
    'cidr("192.168.0.0/24").containsIP("192.168.0.9") && cidr("::/0").containsIP(ip("::1"))',
    'cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && cidr("::/0").containsCIDR(cidr("::1/128"))',
  )
  breaks(
    'isCIDR("192.168.0.0/33")',
    'isCIDR("10.0.0.0/08")',
    'cidr("x").prefixLength() == 0',
    'cidr("192.168.0.1/24") == cidr("192.168.0.1/24").masked()',
    'cidr("192.168.0.0/24").containsIP("192.168.1.1")',
    'cidr("::/0").containsIP("1.2.3.4")',
    'cidr("10.1.0.0/16").containsCIDR("10.0.0.0/8")',
    'cidr("::/0").containsCIDR("x")',
  )
})

test('isURL and url read absolute addresses, and paths from the root', () => {
  holds(
    'isURL("https://example.com:80/") && isURL("/path") && isURL("mailto:a@example.com")',
    'url("HTTPS://h").getScheme() == "https"',
    'url("https://u@h:80/").getHost() == "h:80" && url("/path").getHost() == ""',
    'url("https://[::1]:80/").getHostname() == "::1"',
    'url("https://[::1]:80/").getPort() == "80" && url("https://h").getPort() == ""',
    'url("https://h/a b").getEscapedPath() == "/a%20b"',
    'url("https://h/?k=a&k=b+c").getQuery()["k"] == ["a", "b c"]',
    'url("https://h/#a") == url("https://h/#a")',
  )
  breaks(
    'isURL("example.com/path")',
    'isURL("")',
    'isURL("http://a b/")',
    'isURL("http://h:x/")',
    'isURL("http://h/%zz")',
    'isURL("http://[1.2.3.4]/")',
    'url("no").getScheme() == ""',
    'url("https://h/").getQuery()["k"] == []',
    'url("https://a/") == url("https://b/")',
  )
})

test('find and findAll match as Go does', () => {
  holds(
    '"abc 123".find("[0-9]+") == "123" && "abc".find("[0-9]+") == ""',
    '"123 abc 456".findAll("[0-9]+") == ["123", "456"] && "a".findAll("b") == []',
    '"123 abc 456".findAll("[0-9]+", 1) == ["123"] && "1".findAll("1", 0) == []',
    '"baaa".findAll("a*") == ["", "aaa"]',
  )
  breaks('"abc".find("b") == "a"', '"aa".findAll("a") == ["a"]', '"aa".findAll("a", 1) == ["a", "a"]')
})

test('charAt and replace work on texts', () => {
  holds('"aéb".charAt(1) == "é" && "a".charAt(1) == ""', '"abab".replace("b", "$&") == "a$&a$&"')
  breaks('"a".charAt(2) == ""', '"a".replace("a", "b") == "a"')
})

test('lists have an order, extremes, a sum and places', () => {
  holds(
    '[1, 2, 2].isSorted() && ["a", "b"].isSorted() && [].isSorted()',
    '[3, 1, 2].min() == 1 && ["b", "a"].max() == "b"',
    '[1, 2].sum() == 3 && [1.5, 1.0].sum() == 2.5 && [].sum() == 0',
    '[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(2) == -1 && ["a"].lastIndexOf("b") == -1',
  )
  breaks('[2, 1].isSorted()', '[].min() == 0', '[].max() == 0', '[9223372036854775807, 1].sum() > 0')
})

test('lists are cut, flattened, sorted and turned', () => {
  holds(
    '[1, 2, 3].slice(1, 3) == [2, 3]',
    '[[1], [2, 3]].flatten() == [1, 2, 3] && [[[1]]].flatten(2) == [1]',
    '[1, 2.0, 2].distinct() == [1, 2.0]',
    '[1, 2].reverse() == [2, 1] && [2, 1].sort() == [1, 2] && lists.range(2) == [0, 1]',
  )
  breaks('[1].slice(0, 2) == [1]', '[[1]].flatten(-1) == [1]', '[1, 1].distinct() == [1, 1]', '[1, 2].sort() == [2, 1]')
})

test('sets contain, intersect and equal each other', () => {
  holds('sets.contains([1, 2], [2])', 'sets.intersects([1, 2], [2, 3])', 'sets.equivalent([1, 2], [2, 1, 1])')
  breaks('sets.contains([1], [2])', 'sets.intersects([1], [])', 'sets.equivalent([1], [1, 2])')
})

test('formats take what they name', () => {
  const right = {
    dns1123Label: 'a-1',
    dns1123Subdomain: 'a.b',
    dns1035Label: 'a1',
    qualifiedName: 'example.com/A_b',
    dns1123LabelPrefix: 'a-',
    dns1123SubdomainPrefix: 'a.b-',
    dns1035LabelPrefix: 'a-',
    labelValue: 'A_b',
    uri: 'https://example.com',
    uuid: '123e4567-e89b-12d3-a456-426614174000',
    byte: 'aGVsbG8=',
    date: '2020-02-29',
    datetime: '2021-01-01T00:00:00Z',
  }
  for (const [name, text] of Object.entries(right)) {
    holds(`!format.${name}().validate("${text}").hasValue() && format.named("${name}").value() == format.${name}()`)
    breaks(`!format.${name}().validate("-?").hasValue()`)
  }
  holds('!format.named("other").hasValue()', 'format.date().validate("2021-02-29").value().size() == 1')
})

test('isSemver and semver read versions, which have an order', () => {
  holds(
    'isSemver("1.0.0-alpha.1+b") && isSemver("v1.0", true)',
    'semver("v01.2", true) == semver("1.2.0")',
    'semver("1.2.3").major() == 1 && semver("1.2.3").minor() == 2 && semver("1.2.3").patch() == 3',
    'semver("1.2.3-9").isLessThan(semver("1.2.3-10"))',
    'semver("1.0.0").isGreaterThan(semver("1.0.0-rc"))',
    'semver("1.0.0+a").compareTo(semver("1.0.0+b")) == 0',
  )
  breaks(
    'isSemver("v1.0.0")',
    'isSemver("x", true)',
    'semver("1.0").major() == 1',
    'semver("1.0.0") == semver("1.0.1")',
  )
})

test('optional values are mapped', () => {
  holds(
    'optional.of(1).optMap(x, x + 1).value() == 2 && !optional.none().optMap(x, x + 1).hasValue()',
    'optional.of(1).optFlatMap(x, optional.of(x + 1)).value() == 2',
    '!optional.ofNonZeroValue("").hasValue() && optional.ofNonZeroValue([0]).hasValue()',
  )
  breaks('optional.of(1).optMap(x, x == 2).value()', 'optional.of(1).optFlatMap(x, optional.none()).hasValue()')
})

test('a whole number is a fraction where the schema says number', () => {
  const schema = (type: string) => ({
    type: 'object',
    properties: { ratio: { type } },
    'x-kubernetes-validations': [{ rule: 'self.ratio / 2.0 == 1.5' }],
  })
  assert.equal(brokenRules({ ratio: 3 }, schema('number'), {}), [])
  assert.is(brokenRules({ ratio: 3 }, schema('integer'), {}).length, 1)
})

test.run()

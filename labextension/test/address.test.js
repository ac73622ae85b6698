const assert = require('node:assert/strict');
const { test } = require('node:test');

const { isOnDisk, pageAddress, takeoutAddress } = require('../lib/address.js');

const cases = [
  ['/', '', '/takeout/?path='],
  ['/', 'data', '/takeout/?path=data'],
  ['/user/ada/', 'data/2024', '/takeout/?path=data%2F2024', '/user/ada'],
  ['/user/ada', 'data', '/takeout/?path=data', '/user/ada'],
  ['https://hub.example.edu/user/ada%40x/', 'a', '/takeout/?path=a', 'https://hub.example.edu/user/ada%40x'],
  ['/', '/data/', '/takeout/?path=data'],
  ['/', '50% off & more?#1+1=2', '/takeout/?path=50%25%20off%20%26%20more%3F%231%2B1%3D2'],
  ['/', '50%20off', '/takeout/?path=50%2520off'],
  ['/', 'Zürich/データ/🐚', '/takeout/?path=Z%C3%BCrich%2F%E3%83%87%E3%83%BC%E3%82%BF%2F%F0%9F%90%9A'],
  ['/', 'line\r\nend"quote\\', '/takeout/?path=line%0D%0Aend%22quote%5C'],
];

for (const [base, folder, rest, prefix = ''] of cases) {
  test(`the page for ${JSON.stringify(folder)} at ${base}`, () => {
    assert.equal(pageAddress(base, folder), prefix + rest);
  });
}

test('a byte that is not UTF-8 stays that byte', () => {
  assert.equal(pageAddress('/', 'caf\udce9'), '/takeout/?path=caf%E9');
});

test('any other lone surrogate does not throw', () => {
  assert.equal(pageAddress('/', 'a\ud800b'), '/takeout/?path=a%EF%BF%BDb');
});

test('the page has one slash after the base address', () => {
  assert.equal(takeoutAddress('/user/ada//'), '/user/ada/takeout/');
  assert.equal(takeoutAddress(''), '/takeout/');
});

test("only drives that show the server's disk count", () => {
  assert.ok(isOnDisk(''));
  assert.ok(isOnDisk('RTC'));
  assert.ok(!isOnDisk('s3'));
  assert.ok(!isOnDisk('BrowserStorage'));
});

// Counts what the test runners reported. `show-go FILE` prints a go test -json stream for people: packages, and the
// output of what failed or was skipped. `close DIR` adds up all suites and prints the closing line.
import { readFileSync } from 'node:fs'

const [, , command, target] = process.argv

function goEvents(file) {
  const events = []
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (!line.startsWith('{')) continue
    events.push(JSON.parse(line))
  }
  return events
}

function showGo(file) {
  const output = new Map()
  for (const e of goEvents(file)) {
    const key = `${e.Package ?? e.ImportPath} ${e.Test ?? ''}`
    if (e.Action === 'output' || e.Action === 'build-output') output.set(key, (output.get(key) ?? '') + e.Output)
    if (e.Test && (e.Action === 'fail' || e.Action === 'skip')) process.stdout.write(output.get(key) ?? '')
    if (!e.Test && e.Action === 'fail') process.stdout.write(output.get(key) ?? '')
    if (!e.Test && (e.Action === 'pass' || e.Action === 'fail')) console.log(`${e.Action} ${e.Package} ${e.Elapsed ?? 0}s`)
    if (e.Action === 'build-fail') process.stdout.write(output.get(key) ?? '')
  }
}

function countGo(file) {
  const n = { passed: 0, failed: 0, skipped: 0 }
  for (const e of goEvents(file)) {
    if (e.Action === 'build-fail') n.failed++
    if (!e.Test) continue
    if (e.Action === 'pass') n.passed++
    if (e.Action === 'fail') n.failed++
    if (e.Action === 'skip') n.skipped++
  }
  return n
}

function countVitest(file) {
  const r = JSON.parse(readFileSync(file, 'utf8'))
  return { passed: r.numPassedTests, failed: r.numFailedTests, skipped: r.numPendingTests + (r.numTodoTests ?? 0) }
}

function countPlaywright(file) {
  const { stats, errors } = JSON.parse(readFileSync(file, 'utf8'))
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped }
}

function close(dir) {
  const suites = [
    ['go', () => countGo(`${dir}/go.jsonl`), 'go'],
    ['object store', () => countGo(`${dir}/s3.jsonl`), 's3'],
    ['web units', () => countVitest(`${dir}/web.json`), 'web'],
    ['browsers', () => countPlaywright(`${dir}/browser.json`), 'browser'],
  ]
  let passed = 0
  let failed = 0
  for (const [name, count, key] of suites) {
    let n = { passed: 0, failed: 0, skipped: 0 }
    try {
      n = count()
    } catch (err) {
      console.log(`${name}: no readable report (${err.message})`)
    }
    const rc = Number(readFileSync(`${dir}/${key}.rc`, 'utf8'))
    let bad = n.failed + n.skipped
    if (n.skipped > 0) console.log(`${name}: ${n.skipped} skipped; a skip is a failure`)
    if (n.passed + n.failed === 0) console.log(`${name}: no test ran; that is a failure`)
    if (bad === 0 && (rc !== 0 || n.passed === 0)) bad = 1
    passed += n.passed
    failed += bad
  }
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}

if (command === 'show-go') showGo(target)
else if (command === 'close') close(target)
else process.exit(2)

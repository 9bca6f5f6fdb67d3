// Owns: which tests run, how, and what must be there before they do.
// Leaves: installing to set-up.mjs; the tests themselves to the files beside the sources.
// Laws: LA7 with no file named, every test of src, test and tools runs; with files named, just those.
import { spawnSync } from 'node:child_process'
import { relative, resolve } from 'node:path'

/** Test files that run at once: the project is planned for two cores. */
const FILES_AT_ONCE = 2

/** Longest test, milliseconds: the slowest waits for a small model to write several drafts on two busy cores. */
const TEST_MS_MAX = 600_000

/** The embedded models that tests ask: the small one for speed, the default one because people get it. */
const MODELS = ['qwen2.5-coder-0.5b', 'qwen2.5-coder-1.5b']

const PATTERNS = ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts']

/** Fetches the models that are not there yet. A failure is told; the tests that need the model then say so themselves. */
function fetchModels(root, node) {
  for (const model of MODELS) {
    const args = ['--disable-warning=ExperimentalWarning', 'src/main.ts', 'model', 'pull', model]
    const { status } = spawnSync(node, args, { cwd: root, stdio: ['ignore', 2, 2] })
    if (status !== 0)
      process.stderr.write(`The model ${model} is not there; its tests will fail.\n`)
  }
}

/** The arguments of Node that run the tests. Named files are taken from the folder of the person who names them. */
export function testArguments({ root, node, files }) {
  fetchModels(root, node)
  // npm runs scripts in the root of the project and tells in INIT_CWD where the person stood.
  const from = process.env.INIT_CWD || process.cwd()
  const named = files.map((file) =>
    file.startsWith('-') ? file : relative(root, resolve(from, file)),
  )
  process.chdir(root)
  const options = ['--test', '--test-reporter=spec', `--test-timeout=${TEST_MS_MAX}`]
  options.push(`--test-concurrency=${FILES_AT_ONCE}`)
  return options.concat(named.length > 0 ? named : PATTERNS)
}

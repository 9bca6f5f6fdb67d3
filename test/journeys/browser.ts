// Owns: the Chromium of the journeys: unpacking it once from its npm package, and starting it.
// Leaves: what is done with it to the journeys.
// Laws: it needs nothing from the machine but what Node needs: libraries and fonts come from the package as well.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'

/** What the package's own files are called when they are unpacked. */
interface Unpacked {
  executable: string
  libraries: string
  fonts: string
}

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-zygote',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A headless Chromium. Whoever asks for it closes it. */
export async function launchBrowser(): Promise<Browser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    // The package has a binary for one platform alone; elsewhere the browser that people have serves.
    return await chromium.launch({ channel: 'chrome' })
  }
  const { executable, libraries, fonts } = await unpack()
  return await chromium.launch({
    executablePath: executable,
    args: ARGUMENTS,
    env: { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: fonts },
  })
}

/** Unpacks the package beside the other packages, once for its version; later calls find it there. */
async function unpack(): Promise<Unpacked> {
  const entry = fileURLToPath(import.meta.resolve('@sparticuz/chromium'))
  const root = join(entry, '../..')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string
  }
  const cache = join(root, '../../.cache')
  const folder = join(cache, `chromium-${version}`)
  if (!existsSync(folder)) await unpackInto(folder, cache, join(root, 'bin'))
  return {
    executable: join(folder, 'chromium'),
    libraries: join(folder, 'al2023/lib'),
    fonts: join(folder, 'fonts'),
  }
}

async function unpackInto(folder: string, cache: string, archives: string): Promise<void> {
  mkdirSync(cache, { recursive: true })
  // Two test files may be first at once. Each unpacks for itself, and the first whole folder stays.
  const stage = mkdtempSync(join(cache, 'unpacking-'))
  const temporary = process.env['TMPDIR']
  try {
    // The package unpacks into the system's temporary folder, and takes whatever lies there for its own.
    process.env['TMPDIR'] = stage
    const { default: archive, inflate } = await import('@sparticuz/chromium')
    await archive.executablePath(archives)
    await inflate(join(archives, 'al2023.tar.br'))
  } finally {
    if (temporary === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = temporary
  }
  const configuration = join(stage, 'fonts/fonts.conf')
  const text = readFileSync(configuration, 'utf8')
  writeFileSync(configuration, text.replaceAll('/tmp/fonts', join(folder, 'fonts')))
  try {
    renameSync(stage, folder)
  } catch (error) {
    rmSync(stage, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}

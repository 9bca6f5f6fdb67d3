// Owns: having the person write a text in the editor that they chose.
// Leaves: which editor that is to whoever reads the environment; the text to whoever asked.
import { spawn } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from './node-files.ts'

/** A text as the person left it. Its file stays until it is removed. */
export interface EditedText {
  text: string
  file: string
  remove(): Promise<void>
}

/** Makes a way to edit with a command as a shell reads it, such as `code --wait`. It rejects when that ends with another code than 0. */
export function editorFor(command: string): (name: string, text: string) => Promise<EditedText> {
  return async (name, text) => {
    const folder = await temporaryFolder()
    const file = join(folder, name)
    await writeFile(file, text, { mode: 0o600 })
    const remove = () => rm(folder, { recursive: true, force: true })
    const code = await run(command, file)
    // Ending so is how an editor is told to throw away what was written.
    if (code !== 0) {
      await remove()
      throw new Error(`the editor ${command} ended with ${code ?? 'a signal'}`)
    }
    return { text: await readFile(file, 'utf8'), file, remove }
  }
}

/** The editor has the terminal until it ends. */
function run(command: string, file: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // The folder's name is ours and the name of the file has no character that a shell reads.
    const child = spawn(`${command} "${file}"`, { shell: true, stdio: 'inherit' })
    child.once('error', reject)
    child.once('close', resolve)
  })
}

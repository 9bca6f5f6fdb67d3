// Owns: finding out whether the library of the embedded model can run on this machine.
// Leaves: running models with it to engine.ts, in a process of its own.

/** Loads the native part and lets go of it; answers what it computes on. Rejects with the library's own reason. */
export async function nativeRuntime(): Promise<string> {
  // Loaded here and not with the file: the door of this folder must not cost a large library.
  const { getLlama, LlamaLogLevel } = await import('node-llama-cpp')
  const llama = await getLlama({
    gpu: 'auto',
    build: 'never',
    logLevel: LlamaLogLevel.disabled,
    progressLogs: false,
  })
  const gpu = llama.gpu
  await llama.dispose()
  return gpu === false ? 'the processor' : gpu
}

// The door of the judge: compiling a method here, and the client of the process that does it for the kernel.
export type { CheckAnswer, CompileAnswer } from './answer.ts'
export { type CompiledMethod, compileMethod, REWRITER_VERSION } from './compile.ts'
export type { MethodFacts } from './facts.ts'
export { Judge, type JudgeOptions } from './judge.ts'
export { ALLOWED_GLOBALS } from './names.ts'
export type { Problem, ProblemCode } from './problem.ts'
export type { CheckRequest } from './typing.ts'

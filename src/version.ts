// Owns: the version of BAT OS, apart from everything else so that telling it loads nothing.
// Laws: CL3 `--version` costs little more than starting Node.

export const VERSION = '0.1.0'

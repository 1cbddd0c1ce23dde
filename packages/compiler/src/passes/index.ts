/** The passes in the order in which they run: from program to program, each preserving meaning. */
import type { Program } from '../program.js'
import { expand } from './expand.js'
import { foldConstants } from './foldConstants.js'
import { maskByRelu } from './maskByRelu.js'
import { removeDeadCode } from './removeDeadCode.js'
import { shareCommonSubexpressions } from './shareCommonSubexpressions.js'
import { simplify } from './simplify.js'

export { expand, foldConstants, maskByRelu, removeDeadCode, shareCommonSubexpressions, simplify }

/** The program made smaller: what no result needs, what is computed twice, what is known already. */
export function optimize(program: Program): Program {
  const passes = [removeDeadCode, expand, foldConstants, simplify, shareCommonSubexpressions]
  return [...passes, maskByRelu, removeDeadCode].reduce((optimized, pass) => pass(optimized), program)
}

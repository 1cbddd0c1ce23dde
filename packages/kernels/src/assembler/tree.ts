/**
 * A program as a tree of plain objects: expressions have a value type, statements the type 'none'. Nothing
 * here is bound to a module; the encoder numbers locals, globals, labels and functions as it meets them.
 */

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'
export type ResultType = ValueType | 'none'

/** What a node computes, or does where T is 'none'. A node used twice is computed twice. */
export type Node<T extends ResultType = ResultType> =
  | Instruction<T>
  | Local<T & ValueType>
  | Global<T & ValueType>
  | Assignment<T>
  | Structure<T>
  | Branch<T>
  | Call<T>

export type Expression<T extends ValueType = ValueType> = Node<T>
export type Statement = Node<'none'>

/** Statements in order; nested lists read as if written out, so a function may contribute several. */
export type Body = readonly (Statement | Body)[]

/** An expression of type T, or a JavaScript number that becomes a constant of it. */
export type Operand<T extends ValueType = ValueType> = T extends 'i64'
  ? Expression<T> | number | bigint
  : T extends 'v128'
    ? Expression<T>
    : Expression<T> | number

/** One row of the instruction tables, applied. */
export interface Instruction<T extends ResultType> {
  readonly kind: 'instruction'
  readonly type: T
  readonly opcode: number
  readonly operands: readonly Expression[]
  /** The bytes that follow the opcode. */
  readonly immediates: readonly number[]
}

/** A parameter or local variable of whichever function uses it; as an expression, its value. */
export interface Local<T extends ValueType = ValueType> {
  readonly kind: 'local'
  readonly type: T
  readonly name: string
}

/** A mutable variable of a module instance; as an expression, its value. */
export interface Global<T extends ValueType = ValueType> {
  readonly kind: 'global'
  readonly type: T
  readonly name: string
  /** A constant. */
  readonly initial: Instruction<ValueType>
}

/** A local or global set to a value; of the value's type where that stays available (tee). */
export interface Assignment<T extends ResultType> {
  readonly kind: 'assignment'
  readonly type: T
  readonly variable: Local | Global
  readonly value: Expression
}

/** The place that a branch goes to: the end of a block, or the start of a loop. */
export interface Label {
  readonly name: string
}

export interface Structure<T extends ResultType> {
  readonly kind: 'structure'
  readonly type: T
  readonly opcode: number
  readonly label: Label
  /** Where the structure is an `if`. */
  readonly condition: Expression<'i32'> | undefined
  readonly body: Body
  readonly otherwise: Body
}

export interface Branch<T extends ResultType> {
  readonly kind: 'branch'
  readonly type: T
  readonly label: Label
  /** Branches always where there is none. */
  readonly condition: Expression<'i32'> | undefined
}

export interface Call<T extends ResultType> {
  readonly kind: 'call'
  readonly type: T
  readonly callee: Callable<T>
  readonly operands: readonly Expression[]
}

export type Callable<T extends ResultType = ResultType> = DefinedFunction<T> | ImportedFunction<T>

export interface DefinedFunction<T extends ResultType = ResultType> {
  readonly kind: 'function'
  readonly name: string
  readonly parameters: readonly Local[]
  readonly result: T
  /** Made when the function is encoded, so that functions may call each other in circles. */
  readonly body: () => FunctionBody
}

/** Statements, and last the expression that a function with a result returns. */
export type FunctionBody = readonly (Node | Body)[]

export interface ImportedFunction<T extends ResultType = ResultType> {
  readonly kind: 'import'
  readonly module: string
  readonly name: string
  readonly parameters: readonly Local[]
  readonly result: T
}

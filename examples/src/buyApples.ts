/** Two apples at 100 yen each with 10 % tax: how does each number move the price? */
import { mul, Tape } from '@tapegrad/autograd'

const tape = new Tape()
const apple = tape.variable(100, 'apple')
const count = tape.variable(2, 'count')
const tax = tape.variable(1.1, 'tax')

const applePrice = mul(apple, count)
const price = mul(applePrice, tax)

// Any variable of the tape can be a source, intermediates too.
const derivatives = tape.gradient(price, { apple, count, tax, applePrice })

console.log(`price: ${price.item()}`)
for (const [name, derivative] of Object.entries(derivatives))
  console.log(`∂price/∂${name}: ${String(derivative)}`)

console.log('\nThe tape:')
console.log(String(tape))

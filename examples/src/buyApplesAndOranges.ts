/** Two apples at 100 yen and three oranges at 150, with 10 % tax. */
import { add, mul, Tape } from '@tapegrad/autograd'

const tape = new Tape()
const apple = tape.variable(100, 'apple')
const appleCount = tape.variable(2, 'appleCount')
const orange = tape.variable(150, 'orange')
const orangeCount = tape.variable(3, 'orangeCount')
const tax = tape.variable(1.1, 'tax')

const fruitPrice = add(mul(apple, appleCount), mul(orange, orangeCount))
const price = mul(fruitPrice, tax)

const derivatives = tape.gradient(price, { appleCount, apple, orange, orangeCount, tax })

console.log(`price: ${price.item()}`)
for (const [name, derivative] of Object.entries(derivatives))
  console.log(`∂price/∂${name}: ${String(derivative)}`)

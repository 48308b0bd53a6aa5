export { joinCommand } from './command.ts'

/** `node --import preload-main.ts main.ts`: a service with a meter, and on `$MACHINE`, where there is one. */
import { serveMeter } from './meter.ts'

serveMeter(process.env['SOAK_METER'] ?? '')
if (process.env['MACHINE'] !== undefined) await import('../chain/replace-machine.ts')

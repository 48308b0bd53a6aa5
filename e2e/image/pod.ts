import { requireEnvironment, requirePinned } from '../../generators/pins/index.ts'
import { prepareLocalPod } from '../../generators/registry/index.ts'
import { loadRepository, requirePlan } from '../../generators/repository/index.ts'

// Lays out what a production pod of one example is given, in the folder named on the command line.
const [directory = ''] = process.argv.slice(2)
const repository = await loadRepository(process.cwd())
const model = requirePinned(requireEnvironment(requirePlan(repository), 'production'), 'diabetes-progression')
await prepareLocalPod(repository, model, directory)

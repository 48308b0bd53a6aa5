import type { Rule } from './rule.ts'

/** Rules of what people and commands write into a repository: definitions, versions, releases, pins, and the gates before them. */
export const REPOSITORY_RULES = {
  'artifact-digest': {
    summary: 'a file of a version has another digest or size than the version says',
    reason:
      'A server refuses the file, so pods would never become ready; or somebody replaced a model without saying so.',
    repair: 'Restore the file, or register the changed one under the next version.',
    fixed: 'always',
  },
  'artifact-image-missing': {
    summary: 'an environment mounts artifacts from images, and names none for a version',
    reason: 'Its pods would have no file to load.',
    repair: 'Publish the image and name it by digest in `imageVolumes()`.',
  },
  'artifact-unavailable': {
    summary: 'a file of a version is not here, so its content could not be checked',
    reason: 'What was not read is not known to be right.',
    repair:
      'Restore the file, install the package that ships it, or run `modelyard validate --offline` to leave artifacts out.',
    couldNotCheck: true,
  },
  'candidate-interface-compatible': {
    summary: 'a candidate does not take the requests that the stable version takes, or answers otherwise',
    reason:
      'Callers do not choose who answers them: those that the candidate gets would see errors, or misread the answer.',
    repair: 'Run it as a shadow if only its answers differ; else give the callers a model of another name to move to.',
  },
  'candidate-not-servable': {
    summary: 'a candidate cannot be served beside the stable version',
    reason: 'It is the same version, or the environment splits traffic by an engine that cannot do what the pin asks.',
    repair: 'Do what the finding says: another mode or weight, or another engine in environment.ts.',
    fixed: 'always',
  },
  'code-owners-missing': {
    summary: 'nobody is named in CODEOWNERS for a file that an environment wants approvals for',
    reason: 'The forge then asks nobody, and anybody may approve.',
    repair:
      'Write `# modelyard owners: @organisation/{owner}` in .github/CODEOWNERS and run `modelyard synth`, or name owners by hand.',
  },
  'definition-import': {
    summary: 'a definition imports what it may not',
    reason:
      'Whoever may edit models/ would decide about environments, or a file of the machine would end up in a manifest.',
    repair: 'Move what models and environments share into a file outside of both, and import packages by name.',
    fixed: 'always',
  },
  'definition-inconsistent': {
    summary: 'a definition contradicts itself or its folder',
    reason: 'A range that is empty, a name that differs from its folder or a label too many is never meant.',
    repair: 'Correct the property that the finding names.',
    fixed: 'always',
  },
  'definition-invalid': {
    summary: 'a property of a definition is unknown, missing or of the wrong form',
    reason: 'A misspelt setting would silently do nothing.',
    repair: 'Correct the property; an editor completes the names.',
    fixed: 'always',
  },
  'definition-unreadable': {
    summary: 'a definition file cannot be evaluated',
    reason: 'Nothing can be generated from a model or an environment that cannot be read.',
    repair: 'Correct the TypeScript and export the result of defineModel or defineEnvironment by default.',
    fixed: 'always',
  },
  'dist-foreign': {
    summary: 'dist/ holds something that synth did not write',
    reason:
      'Argo CD applies every object that it finds there, so that a file of another hand, a link or a hidden folder could take over a cluster.',
    repair: 'Remove it; keep objects of your own in another folder, with an Application of their own.',
    fixed: 'always',
  },
  'dist-stale': {
    summary: 'a file of dist/, or the part of CODEOWNERS that asks for it, is not what synth writes',
    reason: 'Argo CD syncs dist/: what reviewers read in models/ and environments/ would not be what runs.',
    repair: 'Run `modelyard synth` and commit what it writes.',
    fixed: 'always',
  },
  'environment-source': {
    summary: 'an environment promotes from one that does not exist, or from itself',
    reason: 'Promotion follows this chain; without it no release can reach the environment.',
    repair: 'Import the definition of the environment that comes before.',
    fixed: 'always',
  },
  'fact-changed': {
    summary: 'a version or a release was changed or removed after it was added',
    reason: 'Both are add-only: pods, pins and the history of what ran refer to them by name.',
    repair: 'Restore the file from Git; register or promote what differs under a name of its own.',
    fixed: 'always',
  },
  'gate-failed': {
    summary: 'a gate of the model does not pass',
    reason: 'Gates are the bar that the owners set; below it a version is not registered or not promoted.',
    repair: 'Train a better version, or change the gate in a pull request of its own.',
    fixed: 'always',
  },
  'gates-changed-beside': {
    summary: 'a change edits gates and the pin that they judge',
    reason:
      'Gates are read from the base branch, so that no pull request judges itself: the new ones count after the merge.',
    repair: 'Change gates in a pull request of their own.',
  },
  'golden-sample-failed': {
    summary: 'the ONNX file predicts something else than the training framework',
    reason: 'The export changed the model: thresholds, missing values and type casts are the usual causes.',
    repair: 'Correct the export, or state the tolerance that is meant.',
    fixed: 'always',
  },
  'golden-samples-missing': {
    summary: 'a version is registered without golden samples',
    reason: 'Nothing then proves that the server predicts what the training framework does.',
    repair: 'Write 20 or more samples with their expected outputs and give them with --samples.',
  },
  'missing-text-unproved': {
    summary: 'a text may be missing, and no golden sample leaves it out',
    reason:
      'Frameworks encode a missing text each in their own way. A graph that was trained with another one answers wrongly.',
    repair:
      "Add a golden sample in which the feature is null; say `missingText: 'nan'` where the graph takes another text than ''.",
  },
  'image-placeholder': {
    summary: 'the serving image has a digest of zeros',
    reason: 'No registry has such an image: pods would never start.',
    repair: 'Publish an image of modelyard-serving and name it by its digest in the first environment.',
  },
  'serving-image-registry': {
    summary: 'an image comes from a registry that the environment does not name',
    reason: 'Whoever may write to a registry decides what runs.',
    repair:
      'Take an image from a registry of `imageRegistries`, or name the registry there in a pull request of its own.',
    fixed: 'always',
  },
  'interface-differs': {
    summary: 'the interface differs from the ONNX graph',
    reason: 'Requests would be encoded for tensors that the graph does not have.',
    repair: 'Correct the names, types and shapes in model.ts, or export the graph with those.',
    fixed: 'always',
  },
  'model-over-limits': {
    summary: 'an artifact breaks the process that runs it, or its limits on time and memory',
    reason: 'A pod that loads it would end, or hang, and take every other version in it along.',
    repair: 'Correct the graph and register the next version.',
    fixed: 'always',
  },
  'model-unreadable': {
    summary: 'an artifact is not a sound ONNX file',
    reason: 'A file cut short or damaged would be found by the pods only.',
    repair: 'Export the model again.',
    fixed: 'always',
  },
  'model-unsupported': {
    summary: 'the ONNX graph has inputs or outputs that onnxruntime-node cannot take or return',
    reason: 'Maps and sequences are refused by the binding, and an int4 output ends the process.',
    repair: "Export other types; for scikit-learn classifiers give options={id(model): {'zipmap': False}}.",
    fixed: 'always',
  },
  'override-unknown-model': {
    summary: 'an environment overrides settings of a model that does not exist',
    reason: 'The override does nothing.',
    repair: 'Remove it or import the right model.',
    fixed: 'always',
  },
  'owner-namespace-missing': {
    summary: "an environment has a namespace for each owner, and none for a model's",
    reason:
      'A team gets a namespace, its quota and its project by a line of the environment, not by a name in a model.',
    repair: "Add the owner to `namespace: byOwner({ ... })`, or correct the model's `owner`.",
    fixed: 'always',
  },
  'path-outside': {
    summary:
      'a path leads out of its folder, by `..` or by a symbolic link, or is a folder, a pipe or a device where a file belongs',
    reason: 'It would read or publish a file of the machine that runs the command, or wait for ever.',
    repair: 'Put the file itself in the repository, and name it by a relative path.',
    fixed: 'always',
  },
  'pin-invalid': {
    summary: 'a pin is not of the right form',
    reason: 'What runs must be readable without guessing.',
    repair: 'Write `stable: <version or release>`, and `candidate` with release, mode and weight.',
    fixed: 'always',
  },
  'pin-not-a-release': {
    summary: 'an environment that takes promotions pins a bare version',
    reason: 'A bare version follows model.ts: an edit of the model would reach this environment by itself.',
    repair: 'Run `modelyard promote`, which seals a release.',
    fixed: 'always',
  },
  'pin-unknown-model': {
    summary: 'a pin names a model that does not exist',
    reason: 'Nothing can be generated for it.',
    repair: 'Rename the pin file, or add the model.',
    fixed: 'always',
  },
  'pin-unknown-release': {
    summary: 'a pin names a release that does not exist',
    reason: 'What should run is not known.',
    repair: 'Name a release of models/<model>/releases/, or run `modelyard promote`.',
    fixed: 'always',
  },
  'pin-unknown-version': {
    summary: 'a pin or a release names a version that does not exist',
    reason: 'What should run is not known.',
    repair: 'Name a version of models/<model>/versions/, or register it.',
    fixed: 'always',
  },
  'name-changed': {
    summary: 'a model or an environment that runs was given another name',
    reason:
      'Names are what callers, Argo CD, gates and history go by: the merge stops what had the old name, and starts the new one without a champion.',
    repair:
      'Run both names for a while, and end the old one when nothing calls it: docs/registering.md, docs/environments.md.',
    fixed: 'always',
  },
  'pin-without-digest': {
    summary: 'a pin names a release without the digest of its content',
    reason: 'A short name has 32 bits: another content with the same name is a matter of minutes.',
    repair: 'Run `modelyard validate --fix`, which writes the digest behind the name.',
    fixed: 'always',
  },
  'plan-invalid': {
    summary: 'a plan to publish is not what `promote --plan` writes, or asks for what a promotion does not do',
    reason: 'The process that has the token evaluates nothing: it does only what a plan of this form can say.',
    repair: 'Make the plan again with `modelyard promote --plan`, and publish it with the digest that this prints.',
    fixed: 'always',
  },
  'promotion-order': {
    summary: 'a release reaches an environment that the environment before it never ran',
    reason: 'What nobody has tried reaches users first.',
    repair: 'Promote it to the environment before, and then from there: modelyard promote.',
  },
  'promotion-same-change': {
    summary: 'a release reaches an environment in the same change as the environment before it',
    reason:
      'The merge deploys both at once, so that nothing is learnt from the first. An error where environment.ts says `gates: { separateChange: true }`.',
    repair: 'Split it: merge the promotion into the first environment, and promote from there later.',
  },
  'release-edited': {
    summary: 'the content of a release is not what its name seals',
    reason: 'A release is what was reviewed and run; an edited one runs something nobody promoted.',
    repair: 'Restore the file from Git; promote again to seal other settings.',
    fixed: 'always',
  },
  'release-invalid': {
    summary: 'a release file is not of the right form',
    reason: 'It cannot be rendered.',
    repair: 'Restore the file from Git.',
    fixed: 'always',
  },
  'release-version-changed': {
    summary: 'the version that a release seals was changed',
    reason: 'Digests, interface or lineage are no longer those that were promoted.',
    repair: 'Restore the version file from Git: a registered version never changes.',
    fixed: 'always',
  },
  'requests-not-joined': {
    summary: 'requests to a model cannot share calls',
    reason:
      'The server joins requests only where the graph and a trial prove that rows are independent; each request is then a call of its own.',
    repair:
      'Export a graph whose rows are independent (quantize_static, no statistics over the first axis), or accept the cost.',
  },
  'secret-in-repository': {
    summary: 'a definition, version, release or pin holds a credential',
    reason: 'Everyone who reads the repository, and its whole history, has it.',
    repair: 'Revoke it, and name a Secret of the cluster instead.',
    fixed: 'always',
  },
  'training-file-invalid': {
    summary: 'metrics, samples, baseline or lineage are not of the right form',
    reason: 'They are frozen into the version and read by the server, the gates and the reviewers.',
    repair: 'Write them as docs/registering.md says.',
    fixed: 'always',
  },
  'version-exists': {
    summary: 'the version is registered already, with another content',
    reason: 'Releases and pods refer to versions: what one is never changes.',
    repair: 'Register the artifact under the next version.',
    fixed: 'always',
  },
  'version-invalid': {
    summary: 'a version file is not of the right form',
    reason: 'It cannot be rendered or served.',
    repair: 'Restore the file from Git, or register the version again.',
    fixed: 'always',
  },
  'version-misplaced': {
    summary: 'a version file says it is another model or version than its path',
    reason: 'A pin would run something else than it names.',
    repair: 'Restore the file from Git.',
    fixed: 'always',
  },
} as const satisfies Record<string, Rule>

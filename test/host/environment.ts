/** What the tests need of the machine, by environment variable. A test that lacks one fails and says so. */

const meaning = {
  BATON_TEST_PODMAN_SOCKET: 'API socket of an isolated Podman',
  BATON_TEST_DOCKER_SOCKET: 'API socket of an isolated Docker',
  BATON_TEST_BTRFS: 'an empty directory on btrfs',
  BATON_TEST_XFS: 'an empty directory on xfs with reflink',
  BATON_TEST_EXT4: 'an empty directory on ext4',
  BATON_TEST_TEMPORAL: 'host:port of a Temporal dev server',
  BATON_TEST_TEMPORAL_UI: 'address of its Web UI',
  BATON_TEST_TEMPORAL_BIN: 'the Temporal CLI',
  BATON_TEST_TIME_SKIPPING_BIN: 'the time-skipping test server',
  BATON_TEST_IMAGE: 'a local busybox image',
} as const;

export type TestVariable = keyof typeof meaning;

export const needed = (variable: TestVariable): string => {
  const value = process.env[variable];
  if (value) return value;
  throw new Error(
    `${variable} is not set (${meaning[variable]}). Run the tests with \`npm test\`, which starts it.`,
  );
};

import { describeNamespaces } from './namespaces.ts';

describeNamespaces('podman');

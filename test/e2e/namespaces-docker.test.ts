import { describeNamespaces } from './namespaces.ts';

describeNamespaces('docker');

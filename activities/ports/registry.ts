/** The registry port: what registries say of their images. They are only read, and asked seldom. */
import type { TaggedImage } from '../../domain/image-tag.ts';

export interface Registry {
  /** Whether there is a tool to ask with. */
  canAsk(): Promise<boolean>;
  /**
   * @param reference with its tag. @param platform such as `linux/arm64`; absent: this machine's own.
   * @throws with the reason where no registry answers, or it has none of that name for whoever asks.
   */
  tagged(reference: string, platform?: string): Promise<TaggedImage>;
}

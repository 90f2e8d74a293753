/** The parts of the Docker Engine API's answers that Baton reads. Both engines leave some out, so most are optional. */

export type ApiHealthcheck = {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  Retries?: number;
};

export type ApiContainer = {
  Id: string;
  Name: string;
  Image: string;
  RestartCount?: number;
  State: {
    Status: string;
    ExitCode: number;
    OOMKilled?: boolean;
    Pid?: number;
    StartedAt?: string;
    FinishedAt?: string;
  };
  Config: { Image?: string; Labels?: Record<string, string> | null; Healthcheck?: ApiHealthcheck | null };
  HostConfig: {
    RestartPolicy?: { Name?: string };
    Memory?: number;
    NetworkMode?: string;
    PortBindings?: Record<string, { HostIp?: string; HostPort?: string }[] | null> | null;
  };
  Mounts?: { Type: string; Name?: string; Source?: string; Destination: string; RW: boolean }[];
  NetworkSettings?: {
    Networks?: Record<string, { IPAddress?: string; Aliases?: string[] | null } | null> | null;
  };
};

export type ApiImage = {
  Id: string;
  RepoTags?: string[] | null;
  RepoDigests?: string[] | null;
  Size: number;
  Created?: string;
  Parent?: string;
  Metadata?: { LastTagTime?: string } | null;
  Config?: {
    Healthcheck?: ApiHealthcheck | null;
    Volumes?: Record<string, unknown> | null;
    ExposedPorts?: Record<string, unknown> | null;
    Labels?: Record<string, string> | null;
  } | null;
};

export type ApiVolume = {
  Name: string;
  Driver: string;
  Mountpoint: string;
  Labels?: Record<string, string> | null;
};

/** `GET /system/df`. What is shared is -1 where it was not counted. */
export type ApiUsage = {
  Images?: { Id: string; Size: number; SharedSize?: number }[] | null;
  Volumes?: { Name: string; UsageData?: { Size: number } | null }[] | null;
  BuildCache?:
    { Size: number; InUse: boolean; Shared: boolean; CreatedAt: string; LastUsedAt?: string | null }[] | null;
};

export type ApiNetwork = {
  Id: string;
  Name: string;
  Driver: string;
  Internal?: boolean;
  Labels?: Record<string, string> | null;
  IPAM?: { Config?: { Subnet?: string }[] | null } | null;
};

export type ApiInfo = {
  ServerVersion: string;
  NCPU: number;
  MemTotal: number;
  Driver: string;
  SecurityOptions?: string[] | null;
  CgroupVersion?: string;
  Rootless?: boolean;
  DockerRootDir: string;
};

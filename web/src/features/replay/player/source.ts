import type Hls from 'hls.js';
import type { ErrorData, LoadPolicy } from 'hls.js';

export type Trouble =
  /** The server does not answer; tried again by itself. */
  | 'network'
  /** The object store is away; tried again by itself. */
  | 'storage'
  /** Refused or deleted: the page asks the server what is the matter. */
  | 'gone'
  /** The browser cannot decode it. */
  | 'media'
  /** Neither MediaSource nor native HLS. */
  | 'unsupported';

export interface Source {
  /** Stops loading and takes the recording off the element. */
  close(): void;
}

const mimeType = 'application/vnd.apple.mpegurl';
const again = 3_000; // ms between tries after the library's own, until it works or the page is left

/** The library tries for half a minute before it says a word; a person should know sooner. */
const policy: LoadPolicy = {
  default: {
    maxTimeToFirstByteMs: 10_000,
    maxLoadTimeMs: 60_000,
    timeoutRetry: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 1_000 },
  },
};

function troubleOf(status: number | undefined): Trouble {
  if (status === 503 || status === 502 || status === 504) return 'storage';
  return status === 401 || status === 403 || status === 404 || status === 410 ? 'gone' : 'network';
}

interface Options {
  video: HTMLVideoElement;
  url: string;
  /** Where to begin, seconds. */
  start: number;
  /** Called with undefined when it works again. */
  onTrouble: (trouble: Trouble | undefined) => void;
}

function native({ video, url, start, onTrouble }: Options): Source {
  const begin = () => {
    if (start > 0) video.currentTime = start;
    onTrouble(undefined);
  };
  const fail = () => onTrouble(video.error?.code === MediaError.MEDIA_ERR_DECODE ? 'media' : 'gone');
  video.addEventListener('loadedmetadata', begin, { once: true });
  video.addEventListener('error', fail);
  video.src = url;
  return {
    close() {
      video.removeEventListener('loadedmetadata', begin);
      video.removeEventListener('error', fail);
      video.removeAttribute('src');
      video.load();
    },
  };
}

function byLibrary(Library: typeof Hls, { video, url, start, onTrouble }: Options): Source {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let recoveries = 0;
  const hls = new Library({
    startPosition: start,
    backBufferLength: 120,
    maxBufferLength: 30,
    manifestLoadPolicy: policy,
    playlistLoadPolicy: policy,
    fragLoadPolicy: policy,
    keyLoadPolicy: policy,
  });
  const later = (retry: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(retry, again);
  };
  const onError = (data: ErrorData) => {
    if (!data.fatal) return;
    if (data.type === Library.ErrorTypes.MEDIA_ERROR && recoveries < 3) {
      recoveries += 1;
      hls.recoverMediaError();
      return;
    }
    if (data.type !== Library.ErrorTypes.NETWORK_ERROR) return onTrouble('media');
    onTrouble(troubleOf(data.response?.code));
    const manifest =
      data.details === Library.ErrorDetails.MANIFEST_LOAD_ERROR ||
      data.details === Library.ErrorDetails.MANIFEST_LOAD_TIMEOUT ||
      data.details === Library.ErrorDetails.MANIFEST_PARSING_ERROR;
    const from = video.readyState > 0 ? video.currentTime : start;
    later(() => (manifest ? hls.loadSource(url) : hls.startLoad(from)));
  };
  hls.on(Library.Events.ERROR, (_event, data) => onError(data));
  hls.on(Library.Events.FRAG_BUFFERED, () => {
    recoveries = 0;
    onTrouble(undefined);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    close() {
      clearTimeout(timer);
      hls.destroy();
    },
  };
}

/** Puts a playlist on a video element: by hls.js where there is MediaSource, else by the browser itself. */
export async function openSource(options: Options): Promise<Source> {
  const { default: Library } = await import('hls.js');
  if (Library.isSupported()) return byLibrary(Library, options);
  if (options.video.canPlayType(mimeType)) return native(options);
  options.onTrouble('unsupported');
  return { close() {} };
}

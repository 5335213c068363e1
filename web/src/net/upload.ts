/** Sends files with a message. XMLHttpRequest because fetch cannot tell how far an upload is. */
import { answer, ApiError, CLIENT_HEADER, unreachable } from './rest';

export interface Upload<T> {
  done: Promise<T>;
  cancel: () => void;
}

export interface Part {
  file: File;
  name: string;
}

/** Files follow each other in the body, so that the bytes gone tell how far each of them is. */
export function upload<T>(
  path: string,
  payload: unknown,
  parts: readonly Part[],
  progress: (loaded: number) => void,
): Upload<T> {
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append('payload_json', JSON.stringify(payload));
  parts.forEach(({ file, name }, at) => form.append(`files[${at}]`, file, name));
  const files = parts.reduce((sum, { file }) => sum + file.size, 0);
  const done = new Promise<T>((resolve, reject) => {
    request.open('POST', path);
    for (const [name, value] of Object.entries(CLIENT_HEADER)) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded, total }) =>
      progress(Math.max(0, Math.min(files, loaded - Math.max(0, total - files))));
    request.onload = () => {
      try {
        resolve(answer<T>(request.status, request.responseText));
      } catch (error) {
        reject(error as Error);
      }
    };
    // A file that was changed or removed since it was chosen looks like a broken connection.
    request.onerror = () =>
      void readable(parts).then((fine) => reject(fine ? unreachable() : gone()));
    request.onabort = () => reject(unreachable());
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}

async function readable(parts: readonly Part[]): Promise<boolean> {
  const reads = parts.map(({ file }) => file.slice(0, 1).arrayBuffer());
  return (await Promise.allSettled(reads)).every((one) => one.status === 'fulfilled');
}

function gone(): ApiError {
  return new ApiError(400, 0, 'A file can no longer be read. Remove it or attach it again.');
}

/** Sends files with a message. XMLHttpRequest because fetch cannot tell how far an upload is. */
import { answer, CLIENT_HEADER, unreachable } from './rest';

export interface Upload<T> {
  done: Promise<T>;
  cancel: () => void;
}

export function upload<T>(
  path: string,
  payload: unknown,
  files: readonly File[],
  progress: (part: number) => void,
): Upload<T> {
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append('payload_json', JSON.stringify(payload));
  files.forEach((file, at) => form.append(`files[${at}]`, file, file.name));
  const done = new Promise<T>((resolve, reject) => {
    request.open('POST', path);
    for (const [name, value] of Object.entries(CLIENT_HEADER)) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    request.onload = () => {
      try {
        resolve(answer<T>(request.status, request.responseText));
      } catch (error) {
        reject(error as Error);
      }
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(unreachable());
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}

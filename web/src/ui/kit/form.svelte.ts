/** The life of a form: busy while it runs, errors by field, the rest in one line. */

interface Refused {
  message: string;
  fields?: Record<string, string>;
}

export class Form {
  busy = $state.raw(false);
  error = $state.raw('');
  fields = $state.raw<Record<string, string>>({});

  /** Runs the work of a submit once at a time; `known` are the fields that show their own error. */
  async run(known: readonly string[], work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = '';
    this.fields = {};
    try {
      await work();
      return true;
    } catch (error) {
      const refused = error as Refused;
      this.fields = refused.fields ?? {};
      const shown = known.some((name) => this.fields[name]);
      this.error = shown ? '' : refused.message;
      return false;
    } finally {
      this.busy = false;
    }
  }
}

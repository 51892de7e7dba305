import { z } from 'zod';
import { oneLine } from './post.ts';

const Answer = z.looseObject({ code: z.number().optional(), StatusCode: z.number().optional(), errcode: z.number().optional(), msg: z.string().optional(), errmsg: z.string().optional() });

/** Chat robots answer 200 whatever happened; the code in the answer tells. Throws with the robot's reason unless it is 0. */
export function robotAnswer(text: string): string {
  const answer = Answer.safeParse(parsed(text)).data;
  const code = answer?.code ?? answer?.StatusCode ?? answer?.errcode;
  if (code === undefined) throw new Error(`the answer is not a robot's: ${oneLine(text, 200)}`);
  if (code !== 0) throw new Error(oneLine(`code ${code}: ${answer?.msg ?? answer?.errmsg ?? ''}`, 300));
  return oneLine(text, 200);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // then it is no robot's answer, and that is what is said
  }
}
